{{ staging('council__annex_a', 'contacts') }}
