{{ staging('police__operation_encompass', 'notices') }}
