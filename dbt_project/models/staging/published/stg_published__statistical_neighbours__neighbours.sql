{{ staging('published__statistical_neighbours', 'neighbours') }}
