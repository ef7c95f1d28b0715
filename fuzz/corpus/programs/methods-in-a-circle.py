import tensorflow as tf


class Net:
    def part0(self, x):
        self.x0 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x1

    def part1(self, x):
        self.x1 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x2

    def part2(self, x):
        self.x2 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x3

    def part3(self, x):
        self.x3 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x4

    def part4(self, x):
        self.x4 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x5

    def part5(self, x):
        self.x5 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x6

    def part6(self, x):
        self.x6 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x7

    def part7(self, x):
        self.x7 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x8

    def part8(self, x):
        self.x8 = self.part0(x) or self.part1(x) or self.part2(x) or self.part3(x) or self.part4(x) or self.part5(x) or self.part6(x) or self.part7(x) or self.part8(x)
        return self.x0


for i in range(9):
    model = tf.keras.models.load_model(Net().part0(i))
    model.compile(Net().part1(model))
