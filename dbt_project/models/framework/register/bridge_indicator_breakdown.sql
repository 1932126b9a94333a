-- Which breakdowns an indicator is shown by. A part is a share of all the indicator's records, not of its own group's.
with shown as (
    {{ register_list('breakdowns', 'breakdown') }}
),

parts as (
    {{ register_list('part_breakdowns', 'breakdown') }}
)

select
    shown.indicator_id,
    shown.breakdown,
    shown.item_order,
    parts.breakdown is not null as is_part
from shown
left join parts
    on
        shown.indicator_id = parts.indicator_id
        and shown.breakdown = parts.breakdown
