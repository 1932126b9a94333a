{{ staging('police__missing_episodes', 'episodes') }}
