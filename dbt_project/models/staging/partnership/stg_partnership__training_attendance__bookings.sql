{{ staging('partnership__training_attendance', 'bookings') }}
