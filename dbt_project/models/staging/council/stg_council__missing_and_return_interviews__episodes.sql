{{ staging('council__missing_and_return_interviews', 'episodes') }}
