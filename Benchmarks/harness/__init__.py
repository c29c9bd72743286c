"""What the cases share: sizes, servers, the load generator, seeded stores, the table."""
