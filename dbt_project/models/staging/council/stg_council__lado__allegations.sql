{{ staging('council__lado', 'allegations') }}
