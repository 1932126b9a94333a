with

listed as (
    select * from {{ ref('stg_council__annex_a__adopters') }}
),

-- Nothing that names an adopter is kept, so a row cannot be followed from one snapshot to the next.
final as (
    select
        {{ hash_key(['submission_id', 'source_row']) }} as adopter_row_key,
        area_code,
        {{ snapshot_date('listed') }} as snapshot_date,
        fostering_for_adoption = '1' as is_fostering_for_adoption,
        enquiry_date,
        stage1_started,
        stage1_ended,
        stage2_started,
        stage2_ended,
        application_date,
        approved_date,
        matched_date,
        placed_date,
        adoption_order_date,
        children_placed,
        left_date,
        leaving_reason,
        'annex_a' as source,
        submission_id,
        source_table,
        source_row
    from listed
)

select * from final
