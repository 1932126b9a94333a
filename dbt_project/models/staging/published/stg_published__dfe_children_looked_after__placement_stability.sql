{{ staging('published__dfe_children_looked_after', 'placement_stability') }}
