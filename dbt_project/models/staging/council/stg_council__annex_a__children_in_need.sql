{{ staging('council__annex_a', 'children_in_need') }}
