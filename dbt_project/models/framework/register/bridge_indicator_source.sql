-- Which extracts an indicator is worked out from; '*' stands for every extract that partners send.
with sources as (
    {{ register_list('sources', 'extract_key') }}
)

select * from sources
