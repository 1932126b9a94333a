{{ staging('police__dash_marac', 'dash_assessments') }}
