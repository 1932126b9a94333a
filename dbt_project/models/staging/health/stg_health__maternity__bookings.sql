{{ staging('health__maternity', 'bookings') }}
