using Npgsql;

namespace Gatehouse.Store.Postgres;

/// <summary>Reads <c>postgres://</c> URLs, which Npgsql does not take.</summary>
internal static class PostgresUrl
{
    /// <exception cref="StoreException">It cannot be understood; the message does not repeat it.</exception>
    internal static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            var result = Read(text);
            return string.IsNullOrEmpty(result.Host) ? throw new FormatException("The host is missing.") : result;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new StoreException("--store: the PostgreSQL address is not understood; write postgres://user:password@host:5432/database?sslmode=require", error);
        }
    }

    private static NpgsqlConnectionStringBuilder Read(string text)
    {
        if (!text.StartsWith("postgres://", StringComparison.Ordinal) && !text.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            return new NpgsqlConnectionStringBuilder(text);
        }

        var url = new Uri(text);
        var user = url.UserInfo.Split(':', 2);
        var result = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Trim('[', ']'),
            Port = url.IsDefaultPort || url.Port < 0 ? 5432 : url.Port,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        if (user[0].Length > 0)
        {
            result.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            result.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var part in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split('=', 2);
            var name = Uri.UnescapeDataString(pair[0]);
            var value = pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "";
            result[name.Equals("sslmode", StringComparison.OrdinalIgnoreCase) ? "SSL Mode" : name] = name.Equals("sslmode", StringComparison.OrdinalIgnoreCase) ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return result;
    }
}
