using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>SQL of the <c>issued_certificates</c> table.</summary>
internal static class IssuedCertificateRows
{
    private const string Select = """
        SELECT service AS Service, serial AS Serial, registration_id AS RegistrationId, registration_name AS RegistrationName, policy AS Policy, policy_id AS PolicyId, thumbprint AS Thumbprint,
          authority AS Authority, key_type AS KeyType, not_before AS NotBefore, not_after AS NotAfter, issued AS Issued, superseded AS Superseded, revoked AS Revoked, revocation_reason AS RevocationReason
        FROM issued_certificates WHERE service = @Service
        """;

    /// <summary>A page in the order of issue, or of expiry where the filter is about that.</summary>
    internal static async Task<IReadOnlyList<IssuedCertificateRow>> ListAsync(DbConnection connection, HubName service, InventoryFilter filter, InventoryPlace after, int count, CancellationToken cancellationToken)
    {
        var order = filter.ExpiresBefore is null ? "issued" : "not_after";
        var condition = filter.RegistrationId is not null ? "AND registration_id = @RegistrationId" : filter.PolicyId is not null ? "AND policy_id = @PolicyId" : filter.ExpiresBefore is not null ? "AND not_after < @ExpiresBefore" : "";
        return [.. await connection.QueryAsync<IssuedCertificateRow>(new CommandDefinition(
            $"{Select} {condition} AND ({order} > @Time OR ({order} = @Time AND serial > @Serial)) ORDER BY {order}, serial LIMIT @Count",
            new { Service = service.Value, filter.RegistrationId, filter.PolicyId, filter.ExpiresBefore, after.Time, after.Serial, Count = count },
            cancellationToken: cancellationToken))];
    }

    /// <summary>The newest of a device that nothing has taken the place of and that has not ended and is not revoked; null when there is none.</summary>
    internal static Task<IssuedCertificateRow?> FindCurrentAsync(DbConnection connection, HubName service, string registrationId, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<IssuedCertificateRow>(new CommandDefinition(
            $"{Select} AND registration_id = @Id AND superseded = 0 AND revoked = 0 AND not_after > @Now ORDER BY issued DESC, serial LIMIT 1",
            new { Service = service.Value, Id = registrationId, Now = now.UtcTicks },
            cancellationToken: cancellationToken));

    /// <summary>Whether a device was issued a certificate that has not ended and is not revoked.</summary>
    internal static async Task<bool> IsIssuedAsync(DbConnection connection, HubName service, string registrationId, string thumbprint, DateTimeOffset now, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM issued_certificates WHERE service = @Service AND registration_id = @Id AND thumbprint = @Thumbprint AND revoked = 0 AND not_after > @Now",
            new { Service = service.Value, Id = registrationId, Thumbprint = thumbprint.ToUpperInvariant(), Now = now.UtcTicks },
            transaction,
            cancellationToken: cancellationToken)) > 0;

    internal static Task<long> CountSinceAsync(DbConnection connection, HubName service, string registrationId, DateTimeOffset since, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM issued_certificates WHERE service = @Service AND registration_id = @Id AND issued > @Since",
            new { Service = service.Value, Id = registrationId, Since = since.UtcTicks },
            cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction transaction, IssuedCertificateRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO issued_certificates (service, serial, registration_id, registration_name, policy, policy_id, thumbprint, authority, key_type, not_before, not_after, issued, superseded)
            VALUES (@Service, @Serial, @RegistrationId, @RegistrationName, @Policy, @PolicyId, @Thumbprint, @Authority, @KeyType, @NotBefore, @NotAfter, @Issued, @Superseded)
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>What a device had is not its newest any more.</summary>
    internal static Task SupersedeAsync(WriteTransaction transaction, string service, string registrationId, long at, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE issued_certificates SET superseded = @At WHERE service = @Service AND registration_id = @Id AND superseded = 0",
            new { Service = service, Id = registrationId, At = at },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task<IssuedCertificateRow?> FindAsync(WriteTransaction transaction, HubName service, string serial, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<IssuedCertificateRow>(new CommandDefinition(
            $"{Select} AND serial = @Serial", new { Service = service.Value, Serial = serial }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>False when it is revoked already: the first time and reason stay.</summary>
    internal static async Task<bool> RevokeAsync(WriteTransaction transaction, HubName service, string serial, string reason, long at, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE issued_certificates SET revoked = @At, revocation_reason = @Reason WHERE service = @Service AND serial = @Serial AND revoked = 0",
            new { Service = service.Value, Serial = serial, Reason = reason, At = at },
            transaction.Transaction,
            cancellationToken: cancellationToken)) > 0;

    /// <summary>Forgets some that ended long ago.</summary>
    internal static Task SweepAsync(WriteTransaction transaction, string service, long endedBefore, int most, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM issued_certificates WHERE service = @Service AND serial IN
              (SELECT serial FROM issued_certificates WHERE service = @Service AND not_after < @Before ORDER BY not_after, serial LIMIT @Most)
            """,
            new { Service = service, Before = endedBefore, Most = most },
            transaction.Transaction,
            cancellationToken: cancellationToken));
}

/// <summary>Which certificates are asked for: those of one device, of one policy, or those that end before a time; all when nothing is given.</summary>
internal sealed record InventoryFilter(string? RegistrationId = null, string? PolicyId = null, long? ExpiresBefore = null);

/// <summary>Where a page begins: after this one.</summary>
/// <param name="Time">When it was issued, or ends.</param>
/// <param name="Serial">Which of those of the same moment.</param>
internal sealed record InventoryPlace(long Time, string Serial)
{
    internal static InventoryPlace Start { get; } = new(0, "");

    /// <summary>Null for a text that none of <see cref="ToString"/> gave.</summary>
    internal static InventoryPlace? Read(string text) =>
        text.Length == 0 ? Start
        : text.Split(':') is [var time, { Length: > 0 } serial] && long.TryParse(time, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var ticks) ? new InventoryPlace(ticks, serial)
        : null;

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Time}:{Serial}");
}
