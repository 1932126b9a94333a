{{ staging('published__gias_links', 'links') }}
