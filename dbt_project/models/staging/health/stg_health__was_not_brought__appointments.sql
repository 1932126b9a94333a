{{ staging('health__was_not_brought', 'appointments') }}
