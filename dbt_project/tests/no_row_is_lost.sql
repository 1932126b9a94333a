{#- Every table of every submission, refused ones too: what was received was accepted or rejected, never anything else. -#}
select
    submission_id,
    table_name
from {{ ref('fct_table_count') }}
where received <> accepted + rejected
