"""What a training holds, as the records that its report tells."""
