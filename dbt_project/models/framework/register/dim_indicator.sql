-- The register as a table, read from the yml beside each record-level model. Nothing is listed here.
{%- set columns = [
    'indicator_id', 'name', 'plain', 'polarity', 'unit', 'kind', 'count_of', 'denominator', 'numerator_words',
    'denominator_words', 'theme', 'owner', 'sub_group', 'sources', 'period_types', 'breakdowns', 'part_breakdowns', 'reach',
    'looks_back_months', 'definition_source', 'definition_version', 'benchmark_table', 'benchmark_measure',
    'benchmark_percent_of', 'is_benchmark_derived', 'traps', 'model_name'
] -%}
{%- set types = ['string'] * 18 + ['int'] + ['string'] * 5 + ['boolean'] + ['string'] * 2 -%}
{%- set rows = [] -%}
{%- for id, model_name, entry in registered_indicators() -%}
    {%- set benchmark = entry['benchmark'] or {} -%}
    {%- set percent_of = benchmark.get('percent_of') -%}
    {%- do rows.append([
        id, entry['name'], entry['plain'], entry['polarity'], entry['unit'], entry['kind'], entry['count_of'],
        entry['denominator'], entry['numerator_words'], entry['denominator_words'], entry['theme'], entry['owner'],
        entry['sub_group'], entry['sources'] | join(', '), entry['period_types'] | join(', '),
        entry['breakdowns'] | join(', '), entry['part_breakdowns'] | join(', '), entry['reach'],
        entry['looks_back_months'], entry['definition_source'], entry['definition_version'],
        benchmark.get('source_table'), (benchmark['measure'] | join(', ')) if benchmark else none,
        (percent_of if percent_of is string else percent_of | join(', ')) if percent_of else none,
        (percent_of is not none) if benchmark else none,
        entry['traps'] | join(' '), model_name
    ]) -%}
{%- endfor %}
{{ literal_rows(rows, columns, types) }}
