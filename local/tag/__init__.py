"""Tag, API version 2018-08-13: the tags of groups, launch configurations, instances and images."""
