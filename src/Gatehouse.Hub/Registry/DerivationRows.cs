using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>SQL of the <c>derivation_keys</c> table.</summary>
internal static class DerivationRows
{
    /// <summary>Whether the hub's keys are to be derived.</summary>
    internal static async Task<bool> IsWantedAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteScalarAsync<string>(new CommandDefinition(
            "SELECT device_keys FROM hubs WHERE name = @hub", new { hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken)) != StrictnessRows.StoredWord;

    /// <summary>Newest first.</summary>
    internal static async Task<IReadOnlyList<DerivationRow>> ListAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<DerivationRow>(new CommandDefinition(
            "SELECT hub AS Hub, number AS Number, sealed AS Sealed, created AS Created FROM derivation_keys WHERE hub = @hub ORDER BY number DESC",
            new { hub = hub.Value },
            write.Transaction,
            cancellationToken: cancellationToken))];

    internal static Task InsertAsync(WriteTransaction write, DerivationRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "INSERT INTO derivation_keys (hub, number, sealed, created) VALUES (@Hub, @Number, @Sealed, @Created)", row, write.Transaction, cancellationToken: cancellationToken));
}

/// <summary>A row of <c>derivation_keys</c>.</summary>
internal sealed record DerivationRow
{
    public string Hub { get; init; } = "";

    public long Number { get; init; }

    public byte[] Sealed { get; init; } = [];

    public long Created { get; init; }

    public override string ToString() => $"{Number} ***";
}
