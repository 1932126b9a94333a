{{ staging('school__follow_up', 'dsl_register') }}
