{{ staging('health__health_visiting', 'reviews') }}
