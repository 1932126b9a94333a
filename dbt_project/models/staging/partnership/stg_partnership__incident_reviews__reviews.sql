{{ staging('partnership__incident_reviews', 'reviews') }}
