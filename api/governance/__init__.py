"""What decides and who may change it: revisions, people, systems and their keys, as acts in the log."""
