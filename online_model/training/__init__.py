"""From the topics of snapshots and outcomes to models, the same ones however the topics were read."""
