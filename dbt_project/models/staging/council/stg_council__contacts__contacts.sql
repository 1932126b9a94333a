{{ staging('council__contacts', 'contacts') }}
