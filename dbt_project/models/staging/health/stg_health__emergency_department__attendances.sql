{{ staging('health__emergency_department', 'attendances') }}
