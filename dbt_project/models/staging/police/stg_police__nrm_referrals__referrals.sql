{{ staging('police__nrm_referrals', 'referrals') }}
