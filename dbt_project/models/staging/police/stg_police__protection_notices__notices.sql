{{ staging('police__protection_notices', 'notices') }}
