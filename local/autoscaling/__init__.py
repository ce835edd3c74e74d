"""Auto Scaling, API version 2018-04-19: groups, launch configurations, instance refreshes."""
