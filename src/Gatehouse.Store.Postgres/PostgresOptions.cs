namespace Gatehouse.Store.Postgres;

/// <summary>The database that several nodes share.</summary>
public sealed record PostgresOptions
{
    /// <summary><c>postgres://user:password@host:port/database?sslmode=require</c>, or Npgsql's key=value form. Holds a password: never logged.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Connections open at once. Default 50 (PostgreSQL allows 100 by default, over all nodes).</summary>
    public int MaxConnections { get; init; } = 50;

    public override string ToString() => "PostgresOptions { *** }";
}
