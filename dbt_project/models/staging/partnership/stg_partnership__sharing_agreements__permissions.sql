{{ staging('partnership__sharing_agreements', 'permissions') }}
