namespace Gatehouse.Fuzz;

/// <summary>Makes inputs out of seeds: a few stacked small damages each, sometimes plain noise. The same seed makes the same sequence.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> seeds, FuzzOptions options, int seed)
{
    private const int MaxStacked = 6;

    private static readonly byte[] Telling = [0x00, 0x01, 0x7F, 0x80, 0xFF, (byte)'/', (byte)'%', (byte)'=', (byte)'&', (byte)' ', (byte)'$', (byte)'\n'];

    private readonly Random random = new(seed);

    internal byte[] Next()
    {
        if (random.Next(20) == 0)
        {
            return Noise(random.Next(64));
        }

        var input = new List<byte>(Pick(seeds));
        for (var count = random.Next(1, MaxStacked + 1); count > 0; count--)
        {
            Damage(input);
        }

        return input.Count <= options.MaxInputBytes ? [.. input] : [.. input.Take(options.MaxInputBytes)];
    }

    private void Damage(List<byte> input)
    {
        var at = random.Next(input.Count + 1);
        switch (random.Next(9))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = Telling[random.Next(Telling.Length)];
                break;
            case 2 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 3:
                input.InsertRange(at, Noise(random.Next(1, 9)));
                break;
            case 4:
                input.RemoveRange(at, Math.Min(random.Next(1, 17), input.Count - at));
                break;
            case 5:
                input.InsertRange(at, input.GetRange(at, Math.Min(random.Next(1, 65), input.Count - at)));
                break;
            case 6:
                Splice(input, at);
                break;
            case 7 when options.Words.Count > 0:
                input.InsertRange(at, Pick(options.Words));
                break;
            case 8 when random.Next(4) == 0:
                Stretch(input, at);
                break;
        }
    }

    // Much of the same thing: what a parser must bound.
    private void Stretch(List<byte> input, int at)
    {
        var block = input.GetRange(at, Math.Min(random.Next(1, 33), input.Count - at)).ToArray();
        for (var times = random.Next(1, 200); times > 0 && block.Length > 0 && input.Count < options.MaxInputBytes; times--)
        {
            input.InsertRange(at, block);
        }
    }

    private void Splice(List<byte> input, int at)
    {
        var other = Pick(seeds);
        input.RemoveRange(at, input.Count - at);
        input.AddRange(other.Skip(random.Next(other.Length + 1)));
    }

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }

    private byte[] Pick(IReadOnlyList<byte[]> from) => from[random.Next(from.Count)];
}
