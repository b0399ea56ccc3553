using System.Data;
using System.Data.Common;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>SQL of reported patches, many twins in one transaction: one statement for all where the database is elsewhere, one prepared statement after the other where it is in the process.</summary>
internal abstract class ReportRows(WriteTransaction transaction)
{
    internal static ReportRows Of(WriteTransaction transaction, SqlDialect dialect) =>
        dialect.ForUpdate.Length > 0 ? new ReportRowsAtOnce(transaction) : new ReportRowsInTurn(transaction);

    /// <summary>Reads and locks; what is not there is left out.</summary>
    /// <param name="places">In their order.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    internal abstract Task<Dictionary<TwinPlace, ReportedState>> FindAsync(IReadOnlyList<TwinPlace> places, CancellationToken cancellationToken);

    internal abstract Task SaveAsync(IReadOnlyList<KeyValuePair<TwinPlace, ReportedState>> states, CancellationToken cancellationToken);

    private protected DbCommand Command(string sql, params ReadOnlySpan<(string Name, DbType? Type)> parameters)
    {
        var command = transaction.Connection.CreateCommand();
#pragma warning disable CA2100 // All callers pass a literal.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = transaction.Transaction;
        foreach (var (name, type) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            if (type is { } known)
            {
                parameter.DbType = known;
            }

            command.Parameters.Add(parameter);
        }

        return command;
    }
}

/// <summary>The reported half of a twin in the store.</summary>
internal sealed record ReportedState(string GenerationId, string Reported, string Metadata, long Version, long TwinVersion, string? ModelId);
