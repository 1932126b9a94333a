{{ staging('published__dfe_social_work_workforce', 'indicators') }}
