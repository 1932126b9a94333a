{{ staging('police__dash_marac', 'provider_referrals') }}
