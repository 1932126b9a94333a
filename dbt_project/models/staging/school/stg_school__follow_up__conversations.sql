{{ staging('school__follow_up', 'conversations') }}
