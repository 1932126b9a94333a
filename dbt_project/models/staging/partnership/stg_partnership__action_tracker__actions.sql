{{ staging('partnership__action_tracker', 'actions') }}
