{#-
    No person who is restricted is a child of the warehouse. Every person key of a fact is one of dim_child's (a test of each fact),
    so nothing is known of them anywhere. The person of a token is asked of the identity step's map, not of the bridge: the bridge
    is made from staging, which has left them out already.
-#}
select distinct children.person_key
from {{ ref('stg_identity__restricted_token') }} as restricted
left join {{ ref('stg_identity__person_map') }} as person_map
    on restricted.child_token = person_map.child_token
inner join {{ ref('dim_child') }} as children
    on coalesce(person_map.person_key, restricted.child_token) = children.person_key
