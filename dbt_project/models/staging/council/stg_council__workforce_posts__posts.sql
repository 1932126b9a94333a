{{ staging('council__workforce_posts', 'posts') }}
