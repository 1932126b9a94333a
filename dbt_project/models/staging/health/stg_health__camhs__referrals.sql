{{ staging('health__camhs', 'referrals') }}
