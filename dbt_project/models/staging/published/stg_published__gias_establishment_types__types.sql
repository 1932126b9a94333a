{{ staging('published__gias_establishment_types', 'types') }}
