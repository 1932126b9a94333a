-- The published columns that make up an indicator's benchmark: those added up above the line, and those below it.
-- A file with several rows an area and year says which of them (breakdown); 'total' is the only row of all others.
-- 'population' below the line stands for children aged 0 to 17 in the middle of the year before.
{%- set rows = [] -%}
{%- for id, model_name, entry in registered_indicators() if entry['benchmark'] -%}
    {%- set benchmark = entry['benchmark'] -%}
    {%- set breakdown = benchmark.get('breakdown', 'total') -%}
    {%- for measure in benchmark['measure'] -%}
        {%- do rows.append([id, benchmark['source_table'], 'numerator', measure, breakdown]) -%}
    {%- endfor -%}
    {%- set percent_of = benchmark['percent_of'] -%}
    {%- for measure in ([percent_of] if percent_of is string else percent_of or []) -%}
        {%- do rows.append([id, benchmark['source_table'], 'denominator', measure, breakdown]) -%}
    {%- endfor -%}
{%- endfor %}
{{ literal_rows(rows, ['indicator_id', 'source_table', 'part', 'measure', 'breakdown'], ['string'] * 5) }}
