{{ staging('partnership__board_attendance', 'seats') }}
