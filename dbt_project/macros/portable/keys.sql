{#- Keys of facts: the same parts give the same key on every engine and in every build. -#}

{% macro hash_key(parts) -%}
    md5(concat_ws('|'{% for part in parts %}, coalesce(cast({{ part }} as string), ''){% endfor %}))
{%- endmacro %}


{#- Identifiers that are reserved words are quoted the engine's way ("x" is a string literal in Spark). -#}
{% macro q(name) -%}
    {{ adapter.quote(name) }}
{%- endmacro %}
