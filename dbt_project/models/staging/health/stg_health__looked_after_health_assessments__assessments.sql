{{ staging('health__looked_after_health_assessments', 'assessments') }}
