{{ staging('council__children_placed_here', 'notices') }}
