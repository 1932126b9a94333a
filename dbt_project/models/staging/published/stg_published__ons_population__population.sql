{{ staging('published__ons_population', 'population') }}
