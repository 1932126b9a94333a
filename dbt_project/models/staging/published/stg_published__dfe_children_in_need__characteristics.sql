{{ staging('published__dfe_children_in_need', 'characteristics') }}
