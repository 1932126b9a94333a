{{ staging('council__ehe_cme', 'spells') }}
